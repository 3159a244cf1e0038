import{i as e,t}from"./jsxRuntime-DrBjoHIb.js";import{S as n,_ as r,a as i,f as a,g as o,h as s,l as c,o as l,p as u,s as d}from"./index-qsOW0mwS.js";import f,{loadMath as p,t as m}from"./Prose-3QqrEr9t.js";import{n as h,r as g}from"./Sandbox-B9UH-bqd.js";import{t as _}from"./still-DkEm50mn.js";var v=new URL(`still-DCORsP5C.js`,import.meta.url).href;function y({session:e,outputs:n}){return t(`main`,{class:`app-cells`,children:e.mirror.cells().map(r=>{let i=d(r),o=n.get(r)??l(r);return i===null&&o.length===0?null:t(`section`,{class:`app-cell`,children:[i!==null&&t(f,{text:i}),o.map((n,i)=>t(`div`,{class:`output`,children:t(a,{session:e,cell:r,output:n})},i))]},r.id)})})}var b=/url\(["']?([^"')]+\.woff2)["']?\)/g;async function x(e){let t=e.includes(`class="katex`),n=[...document.styleSheets].map(async e=>{let n=e.href??document.baseURI,r=[...e.cssRules].map(e=>e.cssText).join(`
`);if(!t)return r.replace(/@font-face\s*\{[^}]*\}/g,``);let i=new Set([...r.matchAll(b)].map(e=>e[1]));for(let e of i)r=r.replaceAll(e,await S(new URL(e,n).href));return r});return(await Promise.all(n)).join(`
`).replaceAll(`</style`,`<\\/style`)}async function S(e){let t=new Uint8Array(await(await fetch(e)).arrayBuffer()),n=``;for(let e of t)n+=String.fromCharCode(e);return`data:font/woff2;base64,${btoa(n)}`}var C=`default-src 'none'; script-src 'unsafe-inline' 'unsafe-eval' data: blob:; style-src 'unsafe-inline' data:; img-src data: blob:; media-src data: blob:; font-src data:; base-uri 'none'; form-action 'none'`,w=/^application\/vnd\.(jupyter\.widget-view|reactive-nb\.)/;async function T(e){await e.settled();let t=e.mirror.name.peek();i(new Blob([await E(e)],{type:`text/html`}),`${t}.html`)}async function E(r){let i=new Map;for(let e of r.mirror.cells())i.set(e,await Promise.all(l(e).map(e=>D(r,e)))),m(d(e)??``)&&await p();let a=[],o=document.createElement(`div`),s=t(_.Provider,{value:a,children:t(y,{session:r,outputs:i})});e(s,o);let u=o.innerHTML;e(null,o);let f=new Set(a.flatMap(e=>`program`in e?[e.program]:[])),b=await Promise.all([...f].map(async e=>[e,await g(e)])),S={frame:await O(n(`frame.html`)),programs:Object.fromEntries(b),contents:a,style:h()},w=r.mirror.name.peek();return`<!doctype html>
<html lang="en" data-theme="${c.peek()}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="${C}">
<meta name="referrer" content="no-referrer">
<title>${k(w)}</title>
<style>${await x(u)}</style>
</head>
<body class="still">
${u}
<script type="application/json" id="kept">${JSON.stringify(S).replaceAll(`<`,`\\u003c`)}<\/script>
<script>${(await g(v)).replaceAll(`<\/script`,`<\\/script`)}<\/script>
</body>
</html>
`}async function D(e,t){let n=r(t),i={...t.data},a=[...Object.keys(i),...Object.keys(n)];if(a.filter(e=>!w.test(e)).filter(e=>e!==`text/plain`).length>0)for(let e of a)w.test(e)&&delete i[e];let c={...t.metadata};delete c.reactive_nb;let l=u({...t,data:i},Object.keys(n));if(l===null)return t;let d=n[l.mime];return d!==void 0&&(i[l.mime]=await o(e.notebookId,l.mime,d.hash)),l.mime===`text/markdown`&&m(String(i[l.mime]))&&await p(),await s(l.entry),t.data===void 0?t:{...t,data:i,metadata:c}}async function O(e){let t=await fetch(e);if(!t.ok)throw Error(`The service answered ${t.status}.`);return await t.text()}function k(e){return e.replace(/[&<>"]/g,e=>`&#${e.charCodeAt(0)};`)}export{T as savePage};