<<<<<<<< HEAD:reactive_nb/web/static/assets/text-BoVQjBeg.js
import{a as e}from"./hooks-UUmIs5Va.js";import{n as t,t as n}from"./index-SqsBJokq.js";import{t as r}from"./Folded-A1vqNMyO.js";import{t as i}from"./jsxRuntime-X_B3tWFA.js";function a({data:a}){let o=n(a),s=e(()=>t(o),[o]);return i(r,{children:i(`pre`,{class:`plain`,dangerouslySetInnerHTML:{__html:s}})})}export{a as default};
========
import{a as e}from"./hooks-UUmIs5Va.js";import{n as t,t as n}from"./index-CuUpTGGe.js";import{t as r}from"./Folded-A1vqNMyO.js";import{t as i}from"./jsxRuntime-X_B3tWFA.js";function a({data:a}){let o=n(a),s=e(()=>t(o),[o]);return i(r,{children:i(`pre`,{class:`plain`,dangerouslySetInnerHTML:{__html:s}})})}export{a as default};
>>>>>>>> c8557c2 (The page is looked at by axe, in narrow windows, with a thousand cells and with six notebooks of others; outputs that are out of date keep enough contrast):reactive_nb/web/static/assets/text-WfXpzoMa.js
