<<<<<<<< HEAD:reactive_nb/web/static/assets/svg-y4o0WI84.js
import{t as e}from"./index-SqsBJokq.js";import{t}from"./jsxRuntime-X_B3tWFA.js";function n({output:n,data:r}){let i=e(n.data?.[`text/plain`]);return t(`img`,{class:`picture`,src:`data:image/svg+xml;charset=utf-8,${encodeURIComponent(e(r))}`,alt:i===``?`Picture`:i})}export{n as default};
========
import{t as e}from"./index-CuUpTGGe.js";import{t}from"./jsxRuntime-X_B3tWFA.js";function n({output:n,data:r}){let i=e(n.data?.[`text/plain`]);return t(`img`,{class:`picture`,src:`data:image/svg+xml;charset=utf-8,${encodeURIComponent(e(r))}`,alt:i===``?`Picture`:i})}export{n as default};
>>>>>>>> c8557c2 (The page is looked at by axe, in narrow windows, with a thousand cells and with six notebooks of others; outputs that are out of date keep enough contrast):reactive_nb/web/static/assets/svg-B4yO_03K.js
